"""All rules of news, without HTTP: reading, writing, addressing (audience and reach), following (who has read)."""
