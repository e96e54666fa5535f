"""Reports: files made in the background of what a workspace holds, fetched by links that expire."""
