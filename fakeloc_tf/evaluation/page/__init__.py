"""`report.html` of an evaluation: what its files say, to look at."""
