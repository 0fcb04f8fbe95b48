// Shows the OpenAPI document of the service that sent this page. A file of its own, because the
// page's policy forbids inline scripts.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "none",
  // Otherwise the badge of a public validator is loaded for services with a public address.
  validatorUrl: null,
});
