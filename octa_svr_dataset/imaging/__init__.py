"""From a scene in millimeters to a picture in pixels: drawing, label maps, appearance."""
