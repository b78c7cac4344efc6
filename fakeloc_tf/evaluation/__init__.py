"""A row a face, then metrics and tables from those rows alone."""
