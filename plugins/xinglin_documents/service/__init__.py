"""All rules of documents, without HTTP: the engine (no database), its instances, the inbox, forms, official documents, the OA."""
