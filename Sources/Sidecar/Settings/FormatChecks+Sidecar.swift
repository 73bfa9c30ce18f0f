import Names
import Postgres
package import SidecarConfiguration
import WAMP
import WAMPClient

extension FormatChecks {
    /// The checks of the modules that the sidecar is made of.
    package static let sidecar = FormatChecks(
        uri: { text, match in
            do throws(URIError) {
                _ = try URI(pattern: text, match: MatchPolicy(rawValue: match) ?? .exact)
                return text == "wamp" || text.hasPrefix("wamp.") ? "begins with 'wamp', which is the router's own" : nil
            } catch {
                return error.description
            }
        },
        topic: { text, match in
            do throws(URIError) {
                _ = try URI(pattern: text, match: MatchPolicy(rawValue: match) ?? .exact)
                return nil
            } catch {
                return error.description
            }
        },
        routerURL: { text in
            do throws(RouterURLError) {
                _ = try RouterURL(text)
                return nil
            } catch {
                return error.description
            }
        },
        isOpenToEavesdroppers: { text, proxy in
            guard let url = try? RouterURL(text), !url.isSecure else { return false }
            // Behind a proxy elsewhere even localhost is elsewhere.
            let isProxyLocal = proxy.flatMap { try? HTTPProxy($0) }?.isLocal ?? true
            return !url.isLocal || (url.isTCP && !isProxyLocal)
        },
        proxyURL: { text in
            do throws(RouterURLError) {
                _ = try HTTPProxy(text)
                return nil
            } catch {
                return error.description
            }
        },
        headerName: { HandshakeHeaders.fault(inName: $0) },
        headerValue: { HandshakeHeaders.fault(inValue: $0, of: $1) },
        realm: { text in
            do throws(URIError) {
                _ = try Realm(text)
                return nil
            } catch {
                return error.description
            }
        },
        databaseURL: { text in
            do throws(ConnectionSettingsError) {
                _ = try ConnectionSettings(url: text, password: nil)
                return nil
            } catch {
                return error.description
            }
        },
        callerConnect: { ForeignServer.fault(inConnect: $0, wantsTLS: $1) },
        functionReference: { FunctionReference.fault(in: $0) },
        sqlStatement: { StatementMapping.fault(in: $0) },
        routerTLS: { TLSProblem.all(in: $0) },
        callerTLS: { TLSProblem.all(in: $0) })
}
