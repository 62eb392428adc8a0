"""WeCom (企业微信): the only place that knows `wechatpy`, tokens, error codes, callbacks."""
