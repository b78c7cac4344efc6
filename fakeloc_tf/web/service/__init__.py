"""The service of `fakeloc serve`: a picture or a video in, the JSON of `detect` out."""
