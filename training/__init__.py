"""Trains, measures and exports the packaged dual encoder "pocket". Needs the packages of training/requirements.txt."""
