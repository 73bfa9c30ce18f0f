import SidecarConfiguration

/// A file that says only what has to be said.
let minimal = """
    router:
      url: ws://127.0.0.1:8080/ws
      realm: realm1
    database:
      url: postgresql://wamp@127.0.0.1:5432/app

    """

/// What is wrong with a text, one line for each fault; empty if nothing is.
func faults(
    in text: String, folder: String = ".", environment: [String: String] = [:]
) -> [String] {
    do {
        _ = try ConfigurationFile.load(text: text, folder: folder, environment: environment)
        return []
    } catch {
        return error.faults.map(\.description)
    }
}

/// What is wrong with the minimal file and some lines below it, numbered from 1 in those.
func faults(
    below text: String, folder: String = ".", environment: [String: String] = [:]
) -> [String] {
    let text = text + (text.hasSuffix("\n") ? "" : "\n")
    let other = minimal.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    return faults(
        in: text + other.joined(separator: "\n"), folder: folder, environment: environment)
}

/// The minimal file with some lines above it.
func load(
    _ text: String, folder: String = ".", environment: [String: String] = [:]
) throws -> Configuration {
    try ConfigurationFile.load(text: text + "\n" + minimal, folder: folder, environment: environment)
}
