"""Growth of the vessel forest: the published model, on arrays."""
