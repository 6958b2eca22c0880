"""What people and the authority are told of the processing: recipients, the record of activities, the notice."""
