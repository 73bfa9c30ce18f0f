import Functions
import Logging
import WAMP
import WAMPClient

/// The messages of the router's side.
extension Journal {
    func record(_ event: RouterEvent) {
        switch event {
        case .connecting(let url):
            self.log(.debug, "connecting to the router", metadata: [Key.router: "\(url)"])
        case .connectFailed(let url, let fault, let wait):
            self.log(
                self.level(.warning, of: .router(at: url), fault.message),
                "router not available",
                metadata: [Key.router: "\(url)", Key.reason: "\(fault.message)", Key.retryIn: "\(Self.text(wait))"])
        case .credentialsRefused(let url, let fault, let wait):
            self.log(
                self.level(.error, of: .router(at: url), fault.message),
                "router refuses the credentials",
                metadata: [Key.router: "\(url)", Key.reason: "\(fault.message)", Key.retryIn: "\(Self.text(wait))"])
        case .distrusted(let url, let fault, let wait):
            self.log(
                self.level(.error, of: .router(at: url), fault.message),
                "router is not trusted",
                metadata: [Key.router: "\(url)", Key.reason: "\(fault.message)", Key.retryIn: "\(Self.text(wait))"])
        case .serializerRefused(let url, let serializer, let fault, let next):
            self.log(
                .notice,
                "router refuses a serializer",
                metadata: [
                    Key.router: "\(url)", Key.serializer: "\(serializer)", Key.reason: "\(fault.message)",
                    Key.next: "\(next)",
                ])
        case .joined(let url, let session, let realm, let agent, let authid, let authrole, let serializer):
            var metadata: Logger.Metadata = [
                Key.router: "\(url)", Key.realm: "\(realm)", Key.session: .number(session.rawValue),
                Key.authid: "\(authid ?? "none")", Key.authrole: "\(authrole ?? "none")",
                Key.serializer: "\(serializer)",
            ]
            self.outages.routerJoined()
            // Some routers don't name themselves.
            if let agent { metadata[Key.agent] = "\(agent)" }
            self.log(.info, "router joined", metadata: metadata)
        case .left(let url, let session, let fault, let wait):
            guard let wait else {
                self.log(
                    .info, "router left", metadata: [Key.router: "\(url)", Key.session: .number(session.rawValue)])
                return
            }
            self.log(
                .warning,
                "router lost",
                metadata: [
                    Key.router: "\(url)", Key.session: .number(session.rawValue), Key.reason: "\(fault.message)",
                    Key.retryIn: "\(Self.text(wait))",
                ])
        case .featureMissing(let url, let feature, let isAskedFor):
            let loss = isAskedFor ? "it announces no features; this one is requested all the same" : feature.loss
            self.log(
                .warning,
                "the router does not announce a feature that is used",
                metadata: [Key.router: "\(url)", Key.feature: "\(feature.rawValue)", Key.reason: "\(loss)"])
        case .dropped(.strayError):
            self.count(
                "stray error", "error of the router ignored: it is for no request that can fail",
                [Key.reason: "\(SilentDrop.strayError.rawValue)"], level: .notice)
        case .dropped(let kind):
            self.log(.debug, "message of the router ignored", metadata: [Key.reason: "\(kind.rawValue)"])
        case .askedAgain(let kind):
            self.log(
                .warning, "the router has not answered: asked again", metadata: [Key.request: "\(kind.name)"])
        case .writabilityChanged(let isWritable):
            self.log(.debug, isWritable ? "the router reads again" : "the router reads slowly")
        case .stopped:
            self.log(.debug, "router side stopped")
        }
    }
}
