"""What the API is, as OpenAPI 3.1: its documents, its operations, what each answers."""
