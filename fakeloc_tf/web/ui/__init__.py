"""The web page of `fakeloc ui`: a picture or a video in, the same report out."""
