"""The LLM grader: what it is asked, how its reply is read, and how a service that fails or costs is dealt with."""
