"""What a profile may say, part by part; ``profile.py`` puts them together and loads one."""
