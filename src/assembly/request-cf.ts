/**
 * What Workers read in `request.cf`: on a server what is known, in `stepwell dev` a place and a connection that are made up, so
 * that code which needs the fields runs. They are those of Cloudflare's documentation
 * (developers.cloudflare.com/workers/runtime-apis/request).
 */

type RequestCf = Readonly<Record<string, unknown>>;

/** The place is the one that `wrangler dev` shows without a network. */
export const PLACEHOLDER_CF: RequestCf = {
  asn: 395747,
  asOrganization: "",
  colo: "DFW",
  continent: "NA",
  country: "US",
  region: "Texas",
  regionCode: "TX",
  city: "Austin",
  postalCode: "78701",
  metroCode: "635",
  latitude: "30.27130",
  longitude: "-97.74260",
  timezone: "America/Chicago",
  httpProtocol: "HTTP/1.1",
  requestPriority: "weight=192;exclusive=0",
  clientTcpRtt: 0,
  edgeRequestKeepAliveStatus: 0,
  tlsVersion: "TLSv1.3",
  tlsCipher: "AEAD-AES128-GCM-SHA256",
  tlsClientAuth: {
    certPresented: "0",
    certVerified: "NONE",
    certRevoked: "0",
    ...blank("certIssuerDN", "certIssuerDNRFC2253", "certIssuerDNLegacy", "certIssuerSerial", "certIssuerSKI"),
    ...blank("certSubjectDN", "certSubjectDNRFC2253", "certSubjectDNLegacy", "certSerial", "certSKI"),
    ...blank("certFingerprintSHA1", "certFingerprintSHA256", "certNotBefore", "certNotAfter"),
    ...blank("certRFC9440", "certChainRFC9440"),
    certRFC9440TooLarge: false,
    certChainRFC9440TooLarge: false,
  },
  clientTrustScore: 99,
  botManagement: {
    score: 99,
    corporateProxy: false,
    verifiedBot: false,
    staticResource: false,
    detectionIds: [],
    ja3Hash: "0".repeat(32),
  },
};

/** What a server that listens without TLS knows. Proxies may speak another protocol with their clients. */
export function knownCf(proxies: readonly string[]): RequestCf {
  return proxies.length === 0 ? { httpProtocol: "HTTP/1.1" } : {};
}

function blank(...names: readonly string[]): RequestCf {
  return Object.fromEntries(names.map((name) => [name, ""]));
}
