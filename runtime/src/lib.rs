//! What a service made by `marty` links: HTTP, metrics, logs, health and shutdown behind one builder.
