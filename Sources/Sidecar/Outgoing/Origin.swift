import Functions
import NIOCore
import Names
import WAMP

/// Where something comes from that the router gets and says nothing about: a procedure's results and errors, a channel's notifications.
final class Origin {
    /// What it is called.
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
    /// When something was sent that may still be under way.
    var lastSent: NIODeadline?
    /// Whether the passage looks at it when a session ends.
    var isListed = false

    init(_ kind: Name.Kind, _ text: String) {
        self.name = Name(kind, text)
    }
}
