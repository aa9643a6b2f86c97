"""What free descriptions of real pictures claim, against what a picture alone tells."""
