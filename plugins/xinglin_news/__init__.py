"""News and notices (新闻公告): columns, audiences, read receipts, one reminder. The model every other plugin copies."""
