"""The pages for everybody, in two languages: privacy notice, rights, cookies, status, whom to tell of weaknesses."""
