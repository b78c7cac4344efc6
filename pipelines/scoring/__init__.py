"""Files in, a Parquet row for every face out: what `pipelines.score` is made of."""
