"""The `igym` command and the processes it starts. `main` has the verbs."""
