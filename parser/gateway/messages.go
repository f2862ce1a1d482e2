package gateway

import "sync"

// vocabularies lists the messages of every gateway. Ids are unique over all of them,
// so each begins with its gateway's name or, for nginx, its module's.
func vocabularies() [][]Message {
	return [][]Message{
		NginxMessages(),
		goMessages(), caddyMessages(), traefikMessages(), envoyMessages(),
		apacheMessages(),
		modJKMessages(),
		haproxyMessages(),
		LighttpdMessages(), AWSMessages(), VarnishMessages(), IngressMessages(), NodeMessages(), goProxyMessages(), cloudflaredMessages(), pingoraMessages(), squidMessages(), h2oMessages(), nghttpxMessages(), w3cMessages(), krakendMessages(), workhorseMessages(), yarpMessages(), ocelotMessages(), javaGatewayMessages(), zuulMessages(),
	}
}

// MessageByKey returns the message whose ID a format wrote into Gateway.MessageKey,
// of whatever gateway. It is shared: do not change it.
func MessageByKey(key string) (*Message, bool) {
	m, ok := messagesByKey()[key]
	return m, ok
}

var messagesByKey = sync.OnceValue(func() map[string]*Message {
	all := map[string]*Message{}
	for _, messages := range vocabularies() {
		for i := range messages {
			all[messages[i].ID] = &messages[i]
		}
	}
	return all
})
