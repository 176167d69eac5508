"""Memory: definitions and acts as Django models, customer data as Delta tables, live copies as indexed tables."""
