"""Apache Beam pipelines: a data set's files in, prepared records out. See README.md."""
