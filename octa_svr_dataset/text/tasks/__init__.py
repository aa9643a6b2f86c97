"""The tasks: each draws what it asks for, words the question, reasons and answers."""
