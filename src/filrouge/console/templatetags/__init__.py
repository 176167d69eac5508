"""Words of the templates: ``say`` formats values in the reader's language, ``show`` draws the components."""
