"""One module per scene; each tells its part and returns when its facts are true."""
