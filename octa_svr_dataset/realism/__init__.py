"""Are these pictures like real ones? What is measured of a picture, comparisons, and the fit of the appearance."""
