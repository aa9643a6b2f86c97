"""Fine-tuning: data, freezing, lengths, validation, saving."""
