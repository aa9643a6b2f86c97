"""Lesions of diabetic retinopathy: what they are, where they lie, what they do to the vessels."""
