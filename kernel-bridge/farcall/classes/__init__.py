"""Classes of `@app.cls`: what stands in them, their instances, and the containers of one set of parameters."""
