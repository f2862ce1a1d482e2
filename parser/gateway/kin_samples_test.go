package gateway

import (
	"os"
	"testing"

	"culprit/parser"
)

func sampleTest(t *testing.T, f *parser.Format) {
	t.Helper()
	for _, s := range f.Samples {
		var r parser.Record
		r.Reset()
		got := "rejected"
		if f.Parse([]byte(s.Line), &parser.Env{}, &r) {
			got = parser.Render(&r)
		}
		if got != s.Want {
			if os.Getenv("SHOW") != "" {
				t.Logf("GEN\x01%s\x01%s", s.Line, got)
			}
			t.Errorf("%s: %s\n got %s\nwant %s", f.Name, s.Line, got, s.Want)
		}
	}
}

// TestSamples holds every format to its own samples.
func TestSamples(t *testing.T) {
	for _, f := range Formats() {
		sampleTest(t, f)
	}
}

func TestLighttpdErrorSamples(t *testing.T) { sampleTest(t, lighttpdError) }

func TestAWSALBSamples(t *testing.T) { sampleTest(t, awsALB) }

func TestAWSELBSamples(t *testing.T) { sampleTest(t, awsELB) }

func TestVarnishLogSamples(t *testing.T) { sampleTest(t, varnishLog) }

func TestVarnishDaemonSamples(t *testing.T) { sampleTest(t, varnishDaemon) }

func TestVarnishAccessSamples(t *testing.T) { sampleTest(t, varnishAccess) }

func TestLighttpdAccessSamples(t *testing.T) { sampleTest(t, lighttpdAccess) }

func TestIngressKlogSamples(t *testing.T) { sampleTest(t, ingressKlog) }

func TestH2OSamples(t *testing.T) { sampleTest(t, h2o) }

func TestNghttpxSamples(t *testing.T)    { sampleTest(t, nghttpx) }
func TestIISSamples(t *testing.T)        { sampleTest(t, iisAccess) }
func TestKrakenDSamples(t *testing.T)    { sampleTest(t, krakend) }
func TestCloudFrontSamples(t *testing.T) { sampleTest(t, cloudfrontAccess) }

func TestGoProxySamples(t *testing.T) { sampleTest(t, goProxy) }

func TestNodeProxySamples(t *testing.T) { sampleTest(t, nodeProxy) }

func TestCloudflaredSamples(t *testing.T) { sampleTest(t, cloudflared) }

func TestJavaGatewaySamples(t *testing.T) { sampleTest(t, javaGateway) }
func TestZuulSamples(t *testing.T)        { sampleTest(t, zuul) }
func TestYARPSamples(t *testing.T)        { sampleTest(t, yarp) }
func TestOcelotSamples(t *testing.T)      { sampleTest(t, ocelot) }

// TestYARPRefuses: what else the proxy's program says is an application's, and a client may write
// the proxy's words into a request.
func TestYARPRefuses(t *testing.T) {
	for _, line := range []string{
		"info: Yarp.ReverseProxy.Forwarder.HttpForwarder[9]\n      Proxying to http://10.0.0.5:8080/cart HTTP/2 RequestVersionOrLower",
		`10.0.0.9 - - [22/Nov/2026:14:30:00 +0000] "GET /?q=warn:Request: An error was encountered before receiving a response. HTTP/1.1" 200 5`,
	} {
		var r parser.Record
		if r.Reset(); yarp.Parse([]byte(line), &parser.Env{}, &r) {
			t.Errorf("%s: taken as %s", line, parser.Render(&r))
		}
	}
}

func TestPingoraSamples(t *testing.T) { sampleTest(t, pingora) }

func TestSquidAccessSamples(t *testing.T) { sampleTest(t, squidAccess) }

func TestSquidCacheSamples(t *testing.T) { sampleTest(t, squidCache) }

func TestKongLogSamples(t *testing.T) { sampleTest(t, kongLog) }

func TestAPISIXLogSamples(t *testing.T) { sampleTest(t, apisixLog) }
