"""What is made from the contracts: stubs, the AsyncAPI document, and the image later contracts are compared with."""
