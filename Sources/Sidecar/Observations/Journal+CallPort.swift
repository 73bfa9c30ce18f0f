import CallPort
import Logging
import NIOCore

/// The messages of the call port.
extension Journal {
    func record(_ event: CallPortEvent) {
        switch event {
        case .port(.listening(let address)):
            self.outages.ended(.callPort)
            self.log(.info, "listening for calls from SQL", metadata: [Key.address: "\(address)"])
        case .port(.notListening(let address, let reason, let seconds)):
            self.log(
                self.level(.error, of: .callPort, reason),
                "can't listen for calls from SQL",
                metadata: [
                    Key.address: "\(address)", Key.reason: "\(reason)", Key.retryIn: "\(Self.text(.seconds(seconds)))",
                ])
        case .authenticationFailed(let user, let from, let total):
            self.count(
                "caller authentication", "client of the call port refused: wrong password or user",
                [Key.user: "\(user.prefix(63))", Key.from: "\(from)", Key.total: .number(total)])
        case .port(.cannotAccept(let reason)):
            self.count(
                "caller descriptors", "clients of the call port wait: no descriptor is left", [Key.reason: "\(reason)"])
        case .fewerSessions(let wanted, let possible):
            self.log(
                .warning,
                "the limit of open files allows fewer connections than caller.sessions",
                metadata: [Key.limit: .number(possible), Key.total: .number(wanted)])
        case .tooManySessions(let limit):
            self.count(
                "caller sessions", "client of the call port refused: too many connections", [Key.limit: .number(limit)])
        case .refused(let from, let reason):
            self.count(
                "client of the call port refused", "client of the call port refused",
                [Key.from: "\(from)", Key.reason: "\(reason)"])
        }
    }
}
