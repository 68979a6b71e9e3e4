"""Made-up texts: prompts, documents, code, exams, house wordings and answers, composed from own words."""
