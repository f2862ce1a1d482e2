// Package gateway reads the logs of reverse proxies: one file family is one
// format. Real lines of each and what they must become are in fixtures/samples.
//
// It stands between the scanner, which cuts lines and peels envelopes, and the
// rules, which read Record.Gateway and Record.Access. A Parse function fills a
// record with slices of the line; nothing is copied, nothing is looked up outside.
// What a gateway does otherwise than others is its Product, which the rules ask.
package gateway

import "culprit/parser"

// Formats lists the formats in the order in which detection tries them: strict
// grammars first, so that a line with nginx's level and process numbers is never
// taken for something looser.
func Formats() []*parser.Format {
	return []*parser.Format{
		nginxError,
		haproxyAccess, haproxyEvent, modJK, apacheError,
		envoyAccess, envoyEvents, envoyLog, caddyError, caddyAccess, traefikAccess, cloudflared, traefikLog,
		awsALB, awsELB, iisAccess, cloudfrontAccess, cloudflareAccess, gcpAccess, f5Event, lighttpdError, varnishLog, varnishDaemon, ingressKlog, krakend, oauth2Error, workhorse, yarp, ocelot, javaGateway, zuul, goProxy, nodeProxy, pingora, h2o, nghttpx, squidCache, squidAccess, oauth2Access, varnishAccess, varnishOwn, lighttpdAccess, kongLog, apisixLog,
		herokuRouter, apacheAccess,
		nginxAccess,
		nginxErrorLoose, // last: an entry inside of something else
	}
}
