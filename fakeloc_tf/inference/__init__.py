"""Pictures and videos in; a score, a map, overlays and a report out."""
