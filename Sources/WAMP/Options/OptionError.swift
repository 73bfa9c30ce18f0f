/// An option that must not be sent. Holds nothing of its value.
package struct OptionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of message.
    package let message: MessageKind
    /// The option's key.
    package let option: String
    /// What its value must be; nil if there is no such option.
    package let expectation: String?

    /// For users, e.g. "option 'acknowledge' of PUBLISH must be true or false".
    package var description: String {
        if let expectation { return "option '\(self.option)' of \(self.message.name) must be \(expectation)" }
        return "\(self.message.name) has no option '\(self.option)'"
    }
}
