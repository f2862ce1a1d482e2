package gateway

import "culprit/parser"

// ingressKlogSamples are lines of the controller as its sources print them.
var ingressKlogSamples = []parser.Sample{
	{Line: `W0315 10:22:33.123456       7 controller.go:1225] Service "shop/web" does not have any active Endpoint.`, Want: `time=03-15T10:22:33.123456 level=warn pid=7 symptom=no-live-peer rank=secondary group=shop/web msg="Service \"shop/web\" does not have any active Endpoint."`},
	{Line: `W0315 10:22:33.123456       7 controller.go:431] Service "db/pg" does not have any active Endpoint for TCP port 5432`, Want: `time=03-15T10:22:33.123456 level=warn pid=7 symptom=no-live-peer rank=secondary group=db/pg msg="Service \"db/pg\" does not have any active Endpoint for TCP port 5432"`},
	{Line: `W0423 19:39:30.408628       7 controller.go:702] Error obtaining Endpoints for Service "shop/web": no object matching key "shop/web" in local store`, Want: `time=04-23T19:39:30.408628 level=warn pid=7 symptom=no-live-peer rank=secondary group=shop/web msg="Error obtaining Endpoints for Service \"shop/web\": no object matching key \"shop/web\" in local store"`},
	{Line: `E0423 19:39:30.408628       7 controller.go:219] Unexpected failure reloading the backend:`, Want: `time=04-23T19:39:30.408628 level=error pid=7 symptom=other rank=secondary msg="Unexpected failure reloading the backend:"`},
}
