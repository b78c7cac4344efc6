"""What is asked over HTTP: the page of `fakeloc ui`, the service of `fakeloc serve`."""
