"""WeCom: API, login pages, callbacks, a phone per member, and a control interface."""
