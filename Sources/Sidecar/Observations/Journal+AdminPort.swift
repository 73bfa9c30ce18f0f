import CallPort
import Logging
import NIOCore

/// What the admin port has to tell.
extension Journal {
    func record(_ event: PortEvent) {
        switch event {
        case .listening(let address):
            self.outages.ended(.adminPort)
            self.log(.info, "the admin port listens", metadata: [Key.address: "\(address)"])
        case .notListening(let address, let reason, let seconds):
            self.log(
                self.level(.error, of: .adminPort, reason),
                "the admin port can't listen",
                metadata: [
                    Key.address: "\(address)", Key.reason: "\(reason)", Key.retryIn: "\(Self.text(.seconds(seconds)))",
                ])
        case .cannotAccept(let reason):
            self.count(
                "admin descriptors", "clients of the admin port have to wait: no descriptor is left",
                [Key.reason: "\(reason)"])
        }
    }
}
