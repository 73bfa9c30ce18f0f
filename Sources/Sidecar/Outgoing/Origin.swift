import Functions
import NIOCore
import Names
import WAMP

/// The origin of messages that the router does not acknowledge: a procedure's results and errors, a channel's
/// notifications.
final class Origin {
    /// Its name.
    struct Name: Hashable, CustomStringConvertible {
        enum Kind: String {
            case procedure
            case channel
        }

        let kind: Kind
        let text: ExactText

        init(_ kind: Kind, _ text: String) {
            self.kind = kind
            self.text = ExactText(text)
        }

        var description: String { "the \(self.kind.rawValue) \(self.text)" }
    }

    let name: Name
    /// When a message was sent that may still be under way.
    var lastSent: NIODeadline?
    /// Whether the passage checks it when a session ends.
    var isListed = false

    init(_ kind: Name.Kind, _ text: String) {
        self.name = Name(kind, text)
    }
}
