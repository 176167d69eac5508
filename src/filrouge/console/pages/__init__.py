"""The pages, one file per noun. A view says who, may they, parses, makes one call, renders."""
