"""The admin API's services without HTTP, on both databases."""
