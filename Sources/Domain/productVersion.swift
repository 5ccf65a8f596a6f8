/// The version of every program, as `agirunner version`, discovery and a registered worker tell it.
package let productVersion = "0.1.0"
