/// What is wrong with a text, to stand behind its key's name.
struct TextFault: Error, CustomStringConvertible {
    /// What is wrong, in a user's words.
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
